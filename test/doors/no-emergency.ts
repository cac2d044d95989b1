/** The records of emergencies where there never was one. */
export const noEmergency = () => ({
  getEmergency: async () => undefined,
  getStage: async () => undefined,
});
